/** HTTP with `fetch`, for clients who have to know whether they were answered: an answer is a value, a cut connection is thrown as `Cut`. */

/** There was no whole answer, or 503: what was asked may or may not have happened. */
export class Cut extends Error {}

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export class HttpClient {
  readonly #address: string;

  /** `address` has no slash at its end. */
  constructor(address: string) {
    this.#address = address;
  }

  /** @throws Cut */
  get<Body>(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer<Body>> {
    return this.#ask("GET", path, headers);
  }

  /** Sends `body` as JSON; text is sent as it is, and nothing without one. @throws Cut */
  post<Body>(path: string, body: unknown): Promise<Answer<Body>> {
    return this.#ask("POST", path, {}, body);
  }

  /** @throws Cut */
  put<Body>(path: string, body: unknown): Promise<Answer<Body>> {
    return this.#ask("PUT", path, {}, body);
  }

  /** @throws Cut */
  patch<Body>(path: string, body: unknown): Promise<Answer<Body>> {
    return this.#ask("PATCH", path, {}, body);
  }

  /** @throws Cut */
  delete<Body>(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer<Body>> {
    return this.#ask("DELETE", path, headers);
  }

  async #ask<Body>(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: unknown,
  ): Promise<Answer<Body>> {
    const content =
      body === undefined
        ? { headers }
        : {
            headers: { ...headers, "content-type": "application/json" },
            body: typeof body === "string" ? body : JSON.stringify(body),
          };
    const { response, text } = await whole(fetch(this.#address + path, { method, ...content })).catch(
      (cause: unknown) => {
        throw new Cut(`${method} ${path} was not answered`, { cause });
      },
    );
    if (response.status === 503) throw new Cut(`${method} ${path} was answered 503: ${text}`);
    return { status: response.status, headers: response.headers, body: JSON.parse(text) as Body };
  }
}

async function whole(answered: Promise<Response>): Promise<{ response: Response; text: string }> {
  const response = await answered;
  return { response, text: await response.text() };
}
