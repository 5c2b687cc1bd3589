/**
 * Runs before `npm start` and `npm test`, under whatever Node is there, and says what to do when it is too old.
 * npm puts the project's own Node 24 first on the path where a package of it exists (Linux, Windows); elsewhere yours is used.
 */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  process.stderr.write(
    `Sluice needs Node 24.12 or newer; this is ${process.versions.node} on ${process.platform}-${process.arch}.\n` +
      "On Linux and Windows `npm ci` brings its own: run `npm ci` again without --omit=optional.\n" +
      "On macOS install it first, for example with `brew install node@24`, then start again.\n",
  );
  process.exit(1);
}
