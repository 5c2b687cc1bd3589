export { bearerToken, guarded, principalOnly, refusedAdmission, tokenScheme } from "./access.ts";
export { type Allowed, allowOnly, answerErrors, type ErrorAnswers } from "./error-answers.ts";
export { acceptJson } from "./json-body.ts";
export {
  answerNotFound,
  type Problem,
  ProblemError,
  problem,
  problemCodeOf,
  problemResponses,
  sendProblem,
} from "./problem.ts";
export { repeatsNames } from "./repeated-names.ts";
export { refuseUpgrade } from "./upgrade-refusal.ts";
