// An image on a web server, read by HTTP range requests; a server that has none sends it whole, up to a limit.

import { TandemError } from "../../shared/errors";
import { BufferReader, type BlockReader } from "./reader";

export interface HttpOptions {
  /** Size in bytes as the configuration tells it; the server must agree. */
  size?: number;
  /** Bytes that are loaded at most from a server without ranges. */
  wholeLimit?: number;
  /** A whole download goes on. `total` is unknown when the server does not tell. */
  onProgress?: (loaded: number, total: number | undefined) => void;
  fetch?: typeof fetch;
  /** Milliseconds before the first repetition of a request that failed on the way; doubled each time. */
  retryDelay?: number;
}

const WHOLE_LIMIT = 512 * 2 ** 20;
const FIRST_BYTES = 65536;
const ATTEMPTS = 3;
const RETRY_DELAY = 300;

/** @throws TandemError http-failed, http-status, http-no-range, image-empty, image-wrong-size */
export async function openHttp(url: string, options: HttpOptions = {}): Promise<BlockReader> {
  const get = options.fetch ?? ((input, init) => fetch(input, init));
  const response = await request(get, url, 0, FIRST_BYTES);
  if (response.status === 416) throw emptyImage(url);
  if (!response.ok) throw badStatus(url, response);
  const reader =
    response.status === 206
      ? await openRanges(get, url, response, options)
      : new BufferReader(await wholeBody(url, response, options));
  if (reader.size === 0) throw emptyImage(url);
  if (options.size !== undefined && reader.size !== options.size) {
    throw new TandemError(
      "image-wrong-size",
      `${url} has ${reader.size} bytes, but ${options.size} were expected. The file on the server has changed or is incomplete.`,
    );
  }
  return reader;
}

/** Loads a whole file. @throws as openHttp */
export async function loadHttp(
  url: string,
  options: HttpOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const get = options.fetch ?? ((input, init) => fetch(input, init));
  const response = await request(get, url);
  if (!response.ok) throw badStatus(url, response);
  return wholeBody(url, response, options);
}

async function openRanges(
  get: typeof fetch,
  url: string,
  response: Response,
  options: HttpOptions,
): Promise<HttpReader> {
  const first = new Uint8Array(await body(url, response));
  // Another origin's server has to allow Content-Range to be seen; else the size comes from elsewhere.
  const total = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1];
  const size =
    total === undefined
      ? (options.size ?? (first.length < FIRST_BYTES ? first.length : await sizeByHead(get, url)))
      : Number(total);
  return new HttpReader(get, url, size, first, options.retryDelay ?? RETRY_DELAY);
}

async function sizeByHead(get: typeof fetch, url: string): Promise<number> {
  const response = await get(url, { method: "HEAD" }).catch(() => undefined);
  const length = response?.ok ? response.headers.get("content-length") : null;
  if (length === null || response?.headers.get("content-encoding")) {
    throw new TandemError(
      "http-no-range",
      `The server of ${url} does not tell how large the image is. Give its size, or let the server expose Content-Range.`,
    );
  }
  return Number(length);
}

class HttpReader implements BlockReader {
  readonly size: number;
  readonly #get: typeof fetch;
  readonly #url: string;
  readonly #first: Uint8Array;
  readonly #retryDelay: number;

  constructor(get: typeof fetch, url: string, size: number, first: Uint8Array, retryDelay: number) {
    this.#get = get;
    this.#url = url;
    this.size = size;
    this.#first = first;
    this.#retryDelay = retryDelay;
  }

  read(position: number, target: Uint8Array): void | Promise<void> {
    const end = position + target.length;
    if (end <= this.#first.length) {
      target.set(this.#first.subarray(position, end));
      return;
    }
    return this.#fetch(position, target);
  }

  async #fetch(position: number, target: Uint8Array): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await request(this.#get, this.#url, position, target.length);
        if (!response.ok) throw badStatus(this.#url, response);
        const range = response.headers.get("content-range");
        const total = /\/(\d+)$/.exec(range ?? "")?.[1];
        const bytes = response.status === 206 ? await body(this.#url, response) : undefined;
        if (bytes?.byteLength !== target.length || (total && Number(total) !== this.size)) {
          await response.body?.cancel().catch(() => {});
          throw new TandemError(
            "http-no-range",
            `The server of ${this.#url} no longer sends the parts that are asked for. The file may have changed: reload the machine.`,
          );
        }
        target.set(new Uint8Array(bytes));
        return;
      } catch (error) {
        // A guest waits for its disk: a lost connection gets further chances, an answer does not.
        const lost = error instanceof TandemError && error.code === "http-failed";
        if (!lost || attempt === ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, this.#retryDelay * 2 ** (attempt - 1)));
      }
    }
  }
}

async function request(
  get: typeof fetch,
  url: string,
  position?: number,
  length = 0,
): Promise<Response> {
  const headers: Record<string, string> =
    position === undefined ? {} : { Range: `bytes=${position}-${position + length - 1}` };
  try {
    return await get(url, { headers });
  } catch {
    throw notReached(url);
  }
}

async function body(url: string, response: Response): Promise<ArrayBuffer> {
  try {
    return await response.arrayBuffer();
  } catch {
    throw notReached(url);
  }
}

/** The whole file, as it comes. */
async function wholeBody(
  url: string,
  response: Response,
  options: HttpOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const limit = options.wholeLimit ?? WHOLE_LIMIT;
  // With a content encoding the length is not that of the file.
  const encoded = response.headers.get("content-encoding") !== null;
  const told = encoded ? null : response.headers.get("content-length");
  const total = told === null ? undefined : Number(told);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let loaded = 0;
  const reader = response.body?.getReader();
  while (reader && (total ?? 0) <= limit && loaded <= limit) {
    const part = await reader.read().catch(() => {
      throw notReached(url);
    });
    if (part.done) {
      return joined(url, parts, loaded, total);
    }
    parts.push(part.value);
    loaded += part.value.length;
    options.onProgress?.(loaded, total);
  }
  if (!reader) return new Uint8Array(0);
  await reader.cancel().catch(() => {});
  throw new TandemError(
    "http-no-range",
    `The server of ${url} cannot send parts of a file (no range requests), and the image is larger than ` +
      `${Math.floor(limit / 2 ** 20)} MB. Download it and choose the file instead.`,
  );
}

function joined(
  url: string,
  parts: Uint8Array<ArrayBuffer>[],
  loaded: number,
  total: number | undefined,
): Uint8Array<ArrayBuffer> {
  if (total !== undefined && loaded !== total) {
    throw new TandemError(
      "image-truncated",
      `${url} broke off after ${loaded} of ${total} bytes. Try again.`,
    );
  }
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function notReached(url: string): TandemError {
  return new TandemError(
    "http-failed",
    `${url} could not be fetched: there is no connection, or the server does not allow other sites (CORS).`,
  );
}

function badStatus(url: string, response: Response): TandemError {
  return new TandemError(
    "http-status",
    `${url} could not be fetched: the server says ${response.status} ${response.statusText}`.trim() +
      ".",
  );
}

function emptyImage(url: string): TandemError {
  return new TandemError("image-empty", `${url} is an empty file.`);
}
