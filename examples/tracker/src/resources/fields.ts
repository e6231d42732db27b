/** Schemas that several resources share. */
import { Type } from "typebox";

export const UserId = Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,38}$", description: "Such as `ada`" });
export const Title = Type.String({ minLength: 1, maxLength: 256 });
export const Text = Type.Union([Type.String({ maxLength: 32_768 }), Type.Null()]);
export const Time = Type.String({ format: "date-time" });
export const App = Type.Union([Type.String(), Type.Null()], {
  description: "The app through which it was written, or null",
});

export const ProjectPath = Type.Object({ project: Type.Integer({ minimum: 1 }) });
export const NumberPath = Type.Object({
  project: Type.Integer({ minimum: 1 }),
  number: Type.Integer({ minimum: 1 }),
});
