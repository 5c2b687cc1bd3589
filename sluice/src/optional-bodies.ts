/** Which bodies may be left out: the framework's OpenAPI document calls each of them required. */

/** What a route says so with, in its schema. */
const mark = "x-optional-body";

interface Operation {
  readonly requestBody?: object;
  readonly [mark]?: boolean;
}

/** Changes the document: the bodies of the operations with the mark are not required, and the mark is gone. */
export function markOptionalBodies<Document extends { readonly paths?: object }>(
  document: Document,
): Document {
  for (const item of Object.values(document.paths ?? {}) as readonly Readonly<Record<string, Operation>>[]) {
    for (const operation of Object.values(item)) {
      if (operation[mark] !== true) continue;
      if (operation.requestBody !== undefined) Object.assign(operation.requestBody, { required: false });
      Reflect.deleteProperty(operation, mark);
    }
  }
  return document;
}
