// Debian packages for guests: downloaded for i386 and unpacked, never installed.
//
// Adding i386 to the machine's own apt would change the system and may break its next update, so a private configuration
// with its own lists is used. Its sources are those of the machine, without third parties.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { has, run, say } from "./say.mjs";

const ETC = "/etc/apt";

/** The machine's Debian sources as deb822 stanzas, for the release and its updates only. */
function debianSources(codename) {
  const stanzas = [];
  const wanted = (suite) => suite === codename || suite === `${codename}-updates`;
  const add = (uris, suites, components, signedBy) => {
    const kept = suites.filter(wanted);
    if (!kept.length) return;
    const lines = ["Types: deb", `URIs: ${uris}`, `Suites: ${kept.join(" ")}`];
    lines.push(`Components: ${components}`);
    if (signedBy) lines.push(`Signed-By: ${signedBy}`);
    stanzas.push(lines.join("\n"));
  };
  const files = [join(ETC, "sources.list")];
  const parts = join(ETC, "sources.list.d");
  if (existsSync(parts)) files.push(...readdirSync(parts).map((name) => join(parts, name)));
  for (const file of files.filter((name) => existsSync(name))) {
    const text = readFileSync(file, "utf8");
    if (file.endsWith(".list")) {
      for (const line of text.split("\n")) {
        const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)$/.exec(line.trim());
        if (!match) continue;
        const signedBy = /signed-by=(\S+)/.exec(match[1] ?? "")?.[1];
        add(match[2], [match[3]], match[4], signedBy);
      }
    } else if (file.endsWith(".sources")) {
      for (const stanza of text.split(/\n\s*\n/)) {
        const field = (name) => new RegExp(`^${name}:[ \\t]*(.+)$`, "mi").exec(stanza)?.[1]?.trim();
        if (!/\bdeb\b/.test(field("Types") ?? "") || /^no$/i.test(field("Enabled") ?? "")) continue;
        add(
          field("URIs"),
          field("Suites").split(/\s+/),
          field("Components") ?? "",
          field("Signed-By"),
        );
      }
    }
  }
  return stanzas;
}

/** Why apt cannot be used here, or an empty string. */
export function aptMissing() {
  if (!has("apt-get") || !has("dpkg-deb")) return "this is not a Debian system";
  return "";
}

/** Installs programs on the machine. Needs root. */
export function install(packages) {
  if (!packages.length) return;
  say(`installing ${packages.join(", ")} (apt; a minute or two)`);
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const update = () => run("apt-get", ["-q", "update"], { env: environment });
  const get = () =>
    run("apt-get", ["-q", "-y", "--no-install-recommends", "install", ...packages], {
      env: environment,
    });
  try {
    update();
  } catch (error) {
    say(
      `apt-get update complains, going on with the lists there are (${error.message.split("\n").at(-1)})`,
    );
  }
  get();
}

export class GuestPackages {
  #directory;
  #config;
  #updated = false;

  /** @param directory the cache: archives and what is unpacked from them */
  constructor(directory) {
    this.#directory = resolve(directory);
    this.#config = join(this.#directory, "apt.conf");
  }

  #environment() {
    return { ...process.env, APT_CONFIG: this.#config, DEBIAN_FRONTEND: "noninteractive" };
  }

  #prepare() {
    if (this.#updated) return;
    const at = (...parts) => join(this.#directory, ...parts);
    for (const path of ["state/lists/partial", "cache/archives/partial", "parts"]) {
      mkdirSync(at(path), { recursive: true });
    }
    const codename = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
    const stanzas = debianSources(codename);
    if (!stanzas.length) throw new Error("no Debian package source is configured on this machine");
    writeFileSync(at("debian.sources"), `${stanzas.join("\n\n")}\n`);
    writeFileSync(at("status"), "");
    const native = run("dpkg", ["--print-architecture"]).trim();
    writeFileSync(
      this.#config,
      [
        `APT::Architecture "${native}";`,
        `#clear APT::Architectures;`,
        ...(native === "i386" ? [native] : [native, "i386"]).map(
          (name) => `APT::Architectures:: "${name}";`,
        ),
        `APT::Sandbox::User "";`,
        `Acquire::Languages "none";`,
        `Dir::State "${at("state")}";`,
        `Dir::State::status "${at("status")}";`,
        `Dir::Cache "${at("cache")}";`,
        `Dir::Etc::sourcelist "${at("debian.sources")}";`,
        `Dir::Etc::sourceparts "${at("parts")}";`,
        "",
      ].join("\n"),
    );
    say("reading Debian's package lists for i386");
    run("apt-get", ["-q", "update"], { env: this.#environment() });
    this.#updated = true;
  }

  /** The package a metapackage stands for: the first it depends on whose name matches. */
  resolve(metapackage, pattern) {
    const note = join(this.#directory, `${metapackage.replace(":", "_")}.name`);
    if (existsSync(note)) return readFileSync(note, "utf8").trim();
    this.#prepare();
    const text = run("apt-cache", ["depends", "--no-recommends", "--no-suggests", metapackage], {
      env: this.#environment(),
    });
    const name = [...text.matchAll(/Depends: (\S+)/g)]
      .map((match) => match[1])
      .find((found) => pattern.test(found));
    if (!name) throw new Error(`${metapackage} depends on nothing like ${pattern}`);
    writeFileSync(note, name);
    return name;
  }

  #folder(name) {
    return join(this.#directory, "packages", name.replace(":", "_"));
  }

  #download(names) {
    const scratch = join(this.#directory, "scratch");
    rmSync(scratch, { recursive: true, force: true });
    mkdirSync(scratch, { recursive: true });
    mkdirSync(join(this.#directory, "packages"), { recursive: true });
    run("apt-get", ["-q", "download", ...names], { cwd: scratch, env: this.#environment() });
    const archives = readdirSync(scratch).filter((file) => file.endsWith(".deb"));
    for (const name of names) {
      const archive = archives.find((file) => file.startsWith(`${name.split(":")[0]}_`));
      if (!archive) throw new Error(`apt-get downloaded nothing for ${name}`);
      const root = join(scratch, "root");
      run("dpkg-deb", ["-x", join(scratch, archive), root]);
      renameSync(root, this.#folder(name));
    }
    rmSync(scratch, { recursive: true, force: true });
  }

  /** Downloads a package (`name` or `name:i386`) and unpacks it; returns the folder. Quick when done before. */
  unpack(name, size = "") {
    if (existsSync(this.#folder(name))) return this.#folder(name);
    this.#prepare();
    say(`downloading ${name}${size && ` (${size})`}`);
    this.#download([name]);
    return this.#folder(name);
  }

  /** Many at once, of which `unpack` gives the folders: apt-get takes a second for each call. */
  prefetch(names, size) {
    const missing = names.filter((name) => !existsSync(this.#folder(name)));
    if (!missing.length) return;
    this.#prepare();
    say(`downloading ${missing.length} packages (${size})`);
    this.#download(missing);
  }
}
