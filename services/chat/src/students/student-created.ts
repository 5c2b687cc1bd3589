/** The event "a student was created", which the school's directory publishes. Declared so that it is checked alike everywhere. */
import { event } from "@sluice/bus";
import Type from "typebox";

export const studentCreated = event({
  type: "emis.student.created",
  topic: "emis.student.created",
  schema: Type.Object({
    studentId: Type.String({ minLength: 1 }),
    name: Type.String(),
    classId: Type.String({ minLength: 1 }),
    createdAt: Type.String({ format: "date-time" }),
  }),
  key: ({ studentId }) => studentId,
});
