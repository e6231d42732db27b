/** What the host says about this process; asked for once, at the command's entry. */
export interface Environment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export function systemEnvironment(): Environment {
  return { env: process.env, cwd: process.cwd() };
}
