/** `sluice <command>`: what an operator does beside the running server. */
import { verifyCommand } from "./command-verify.ts";

const usage = `Usage: sluice <command>

  verify <DATA_DIR> [--json] [--force]   reads the journal and reports damage, without changing anything
`;

const [command, ...rest] = process.argv.slice(2);
if (command === "verify") process.exitCode = await verifyCommand(rest, process);
else {
  process.stderr.write(usage);
  process.exitCode = command === "--help" || command === "help" ? 0 : 2;
}
