/**
 * JSON that names a field of an object twice: a parser keeps one of the two and forgets the other, without a word, and two parsers may differ in
 * which (RFC 8259 section 4). Found without parsing anew: a text has as many names as what was parsed from it, unless one was forgotten.
 */

/** Whether `text` names a field more than once. `value` is what `JSON.parse` made of it. */
export const repeatsNames = (text: string, value: unknown): boolean =>
  namesInText(text) !== namesInValue(value);

const backslash = 0x5c;
const colon = 0x3a;

/** Names are the strings that a colon follows. The text is known to be JSON. */
function namesInText(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at)) {
    at = endOfString(text, at + 1);
    while (isSpace(text.charCodeAt(at))) at++;
    if (text.charCodeAt(at) === colon) count++;
  }
  return count;
}

/** Behind the quote that ends the string; `at` is behind the one that begins it. */
function endOfString(text: string, at: number): number {
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let escapes = 0;
    while (quote - escapes > at && text.charCodeAt(quote - escapes - 1) === backslash) escapes++;
    if (escapes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/** Without recursion: a text may be nested deeper than the stack is. */
function namesInValue(value: unknown): number {
  let count = 0;
  const open = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== "object" || next === null) continue;
    const inner: readonly unknown[] = Array.isArray(next) ? next : Object.values(next);
    if (!Array.isArray(next)) count += inner.length;
    for (const each of inner) if (typeof each === "object" && each !== null) open.push(each);
  }
  return count;
}
