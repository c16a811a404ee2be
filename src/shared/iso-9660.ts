// Writes CD images: ISO 9660 with Rock Ridge names and modes (Unix) and Joliet names (Windows).
//
// The same files give the same bytes. Sections are of ECMA-119 and of the Rock Ridge Interchange Protocol 1.12.
//
// Not there: links, files of more than 4 GiB - 1, boot records.

export interface CdFile {
  /** "docs/readme.txt" */
  path: string;
  bytes: Uint8Array;
  executable?: boolean;
}

const SECTOR = 2048;
const SYSTEM_SECTORS = 16;
const RECORD_HEAD = 33;
const JOLIET_NAME_MAX = 64;
const ROCK_RIDGE_NAME_MAX = 128;
/** Year since 1900, month, day, hour, minute, second, offset from UTC: all entries have the same. */
const DATE = [126, 1, 1, 0, 0, 0, 0];
const DATE_DIGITS = "2026010100000000";
const DIRECTORY_FLAG = 2;
const MODE_DIRECTORY = 0o040555;
const MODE_FILE = 0o100444;
const MODE_PROGRAM = 0o100555;

interface Node {
  name: string;
  /** ISO 9660's own: capitals, eight and three. */
  shortName: string;
  parent: Node | undefined;
  /** Of a directory. */
  children: Node[];
  file: CdFile | undefined;
  /** Of a file. */
  sector: number;
  length: number;
}

/** The two trees: the same files with other names. */
interface Tree {
  isJoliet: boolean;
  directories: Node[];
  sectors: Map<Node, number>;
  lengths: Map<Node, number>;
  pathTableLength: number;
  pathTableSectors: [little: number, big: number];
}

/** @throws RangeError for names that a CD cannot have */
export function writeIso(label: string, files: readonly CdFile[]): Uint8Array<ArrayBuffer> {
  const root = buildTree(files);
  const directories = breadthFirst(root);
  let next = SYSTEM_SECTORS + 3;
  const trees = [false, true].map((isJoliet): Tree => {
    const tree: Tree = { isJoliet, directories, sectors: new Map(), lengths: new Map(), pathTableLength: 0, pathTableSectors: [0, 0] }; // prettier-ignore
    tree.pathTableLength = pathTable(tree, true).length;
    const tableSectors = sectorsOf(tree.pathTableLength);
    tree.pathTableSectors = [next, next + tableSectors];
    next += 2 * tableSectors;
    for (const directory of directories) {
      const length = records(tree, directory).length;
      tree.lengths.set(directory, length);
      tree.sectors.set(directory, next);
      next += sectorsOf(length);
    }
    return tree;
  });
  const nodes = directories.flatMap(({ children }) => children.filter(({ file }) => file));
  for (const node of nodes) {
    node.sector = next;
    next += sectorsOf(node.length);
  }
  const image = new Uint8Array(next * SECTOR);
  const put = (sector: number, bytes: Uint8Array): void => image.set(bytes, sector * SECTOR);
  trees.forEach((tree, index) => {
    put(SYSTEM_SECTORS + index, descriptor(tree, label, next, root));
    put(tree.pathTableSectors[0], pathTable(tree, true));
    put(tree.pathTableSectors[1], pathTable(tree, false));
    for (const directory of directories)
      put(tree.sectors.get(directory) ?? 0, records(tree, directory));
  });
  put(SYSTEM_SECTORS + 2, Uint8Array.of(255, ...ascii("CD001"), 1));
  for (const { sector, file } of nodes) if (file) put(sector, file.bytes);
  return image;
}

function sectorsOf(length: number): number {
  return Math.ceil(length / SECTOR);
}

// ---- the tree ----

function buildTree(files: readonly CdFile[]): Node {
  const root = newNode("", undefined, undefined);
  for (const file of files) {
    const parts = file.path.split("/");
    const name = parts.pop() ?? "";
    let directory = root;
    for (const part of parts)
      directory =
        directory.children.find((child) => child.name === part) ?? add(directory, part, undefined);
    add(directory, name, file);
  }
  return root;
}

function newNode(name: string, parent: Node | undefined, file: CdFile | undefined): Node {
  return { name, shortName: "", parent, children: [], file, sector: 0, length: file?.bytes.length ?? 0 }; // prettier-ignore
}

function add(parent: Node, name: string, file: CdFile | undefined): Node {
  const tooLong = name.length > JOLIET_NAME_MAX || utf8(name).length > ROCK_RIDGE_NAME_MAX;
  if (!name || name === "." || name === ".." || tooLong || /[\0*/:;?\\]/.test(name))
    throw new RangeError(`"${name}" cannot be a name on a CD.`);
  if (parent.file || parent.children.some((child) => child.name === name))
    throw new RangeError(`"${name}" is there twice.`);
  const node = newNode(name, parent, file);
  node.shortName = shortName(node, parent);
  parent.children.push(node);
  // The order of the records (9.3).
  parent.children.sort((a, b) => (a.shortName < b.shortName ? -1 : 1));
  return node;
}

function shortName({ name, file }: Node, parent: Node): string {
  const dot = name.lastIndexOf(".");
  const [stem, extension] =
    file && dot > 0 ? [name.slice(0, dot), name.slice(dot + 1)] : [name, ""];
  const plain = (text: string, length: number): string =>
    text.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_").slice(0, length); // prettier-ignore
  const end = file ? `.${plain(extension, 3)};1` : "";
  let short = plain(stem, 8) + end;
  for (let number = 1; parent.children.some((child) => child.shortName === short); number++)
    short = plain(stem, 8 - `${number}`.length) + number + end;
  return short;
}

/** The order of the path table (9.4). */
function breadthFirst(root: Node): Node[] {
  const directories = [root];
  for (const directory of directories)
    directories.push(...directory.children.filter(({ file }) => !file));
  return directories;
}

// ---- bytes ----

function ascii(text: string): number[] {
  return [...text].map((char) => char.charCodeAt(0));
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** UCS-2, the upper byte first. */
function ucs2(text: string): number[] {
  return Array.from({ length: text.length }, (_, at) => text.charCodeAt(at)).flatMap((code) => [
    code >> 8,
    code & 0xff,
  ]);
}

function little32(value: number): number[] {
  return [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24];
}

function little16(value: number): number[] {
  return [value & 0xff, value >> 8];
}

/** Both orders (7.2.3, 7.3.3). */
function both16(value: number): number[] {
  return [...little16(value), ...little16(value).toReversed()];
}

function both32(value: number): number[] {
  return [...little32(value), ...little32(value).toReversed()];
}

// ---- directories (9.1) ----

function records(tree: Tree, directory: Node): Uint8Array {
  const { isJoliet } = tree;
  const parent = directory.parent ?? directory;
  const list = [
    record(tree, directory, [0], isJoliet ? [] : rockRidge(directory, "", !directory.parent)),
    record(tree, parent, [1], isJoliet ? [] : rockRidge(parent, "", false)),
    ...directory.children.map((node) =>
      record(tree, node, identifier(tree, node), isJoliet ? [] : rockRidge(node, node.name, false)),
    ),
  ];
  const bytes: number[] = [];
  for (const one of list) {
    // A record does not cross a sector's end.
    const left = SECTOR - (bytes.length % SECTOR);
    if (one.length > left) bytes.push(...Array<number>(left).fill(0));
    bytes.push(...one);
  }
  return Uint8Array.from({ length: sectorsOf(bytes.length) * SECTOR }, (_, at) => bytes[at] ?? 0);
}

function identifier({ isJoliet }: Tree, { name, shortName: short, file }: Node): number[] {
  return isJoliet ? ucs2(file ? `${name};1` : name) : ascii(short);
}

function record(tree: Tree, node: Node, name: number[], extension: number[]): number[] {
  const sector = node.file ? node.sector : (tree.sectors.get(node) ?? 0);
  const length = node.file ? node.length : (tree.lengths.get(node) ?? 0);
  const padding = name.length % 2 === 0 ? [0] : [];
  const size = RECORD_HEAD + name.length + padding.length + extension.length;
  return [
    size,
    0,
    ...both32(sector),
    ...both32(length),
    ...DATE,
    node.file ? 0 : DIRECTORY_FLAG,
    0,
    0,
    ...both16(1),
    name.length,
    ...name,
    ...padding,
    ...extension,
  ];
}

/** Rock Ridge's entries: mode and links (PX), times (TF), the name (NM); at the root, that they are there (SP, ER). */
function rockRidge({ file, children }: Node, name: string, isFirst: boolean): number[] {
  const mode = !file ? MODE_DIRECTORY : file.executable ? MODE_PROGRAM : MODE_FILE;
  const links = file ? 1 : 2 + children.filter((child) => !child.file).length;
  const bytes = [
    ...(isFirst ? [...ascii("SP"), 7, 1, 0xbe, 0xef, 0] : []),
    ...[...ascii("PX"), 36, 1, ...both32(mode), ...both32(links), ...both32(0), ...both32(0)],
    ...[...ascii("TF"), 5 + DATE.length, 1, 0x02, ...DATE],
  ];
  if (isFirst) bytes.push(...ascii("ER"), 8 + 10, 1, 10, 0, 0, 1, ...ascii("RRIP_1991A"));
  if (name) bytes.push(...ascii("NM"), 5 + utf8(name).length, 1, 0, ...utf8(name));
  if (bytes.length % 2) bytes.push(0);
  return bytes;
}

/** (9.4) */
function pathTable(tree: Tree, isLittle: boolean): Uint8Array {
  const order = (bytes: number[]): number[] => (isLittle ? bytes : bytes.toReversed());
  const { directories } = tree;
  return Uint8Array.from(
    directories.flatMap((directory) => {
      const name = directory.parent ? identifier(tree, directory) : [0];
      const parent = 1 + directories.indexOf(directory.parent ?? directory);
      const head = [name.length, 0, ...order(little32(tree.sectors.get(directory) ?? 0))];
      return [...head, ...order(little16(parent)), ...name, ...(name.length % 2 ? [0] : [])];
    }),
  );
}

/** The primary (8.4) or Joliet's supplementary (8.5) volume descriptor. */
function descriptor(tree: Tree, label: string, sectors: number, root: Node): Uint8Array {
  const { isJoliet, pathTableLength, pathTableSectors } = tree;
  const encode = isJoliet ? ucs2 : ascii;
  const text = (value: string, length: number): number[] => {
    const wanted = isJoliet ? length >> 1 : length;
    const bytes = encode(value.slice(0, wanted).padEnd(wanted));
    return bytes.length < length ? [...bytes, 0] : bytes;
  };
  const date = [...ascii(DATE_DIGITS), 0];
  const never = [...ascii("0".repeat(16)), 0];
  return Uint8Array.from([
    isJoliet ? 2 : 1,
    ...ascii("CD001"),
    1,
    0,
    ...text(isJoliet ? "Linux" : "LINUX", 32),
    ...text(isJoliet ? label : label.toUpperCase(), 32),
    ...Array<number>(8).fill(0),
    ...both32(sectors),
    // Joliet, UCS-2 level 3.
    ...(isJoliet ? [0x25, 0x2f, 0x45] : [0, 0, 0]),
    ...Array<number>(29).fill(0),
    ...both16(1),
    ...both16(1),
    ...both16(SECTOR),
    ...both32(pathTableLength),
    ...little32(pathTableSectors[0]),
    ...little32(0),
    ...little32(pathTableSectors[1]).toReversed(),
    ...little32(0),
    ...record(tree, root, [0], []),
    ...text("", 128), // volume set
    ...text("", 128), // publisher
    ...text("", 128), // preparer
    ...text("TANDEM", 128), // application
    ...text("", 37),
    ...text("", 37),
    ...text("", 37),
    ...date,
    ...date,
    ...never,
    ...never,
    1,
  ]);
}
