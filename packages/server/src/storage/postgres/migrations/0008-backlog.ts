/** Hooks are counted by their state; it changes seldom, so the index costs an event nothing. */
export const backlog = `
CREATE INDEX hooks_by_state ON hooks (state);
`;
