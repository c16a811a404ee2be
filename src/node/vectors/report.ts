// Counts outcomes per class and prints them.

export interface ReportOptions {
  /** How many failing cases of a class are shown in full. */
  shown: number;
}

interface ClassCount {
  passed: number;
  failed: number;
  skipped: number;
  weak: number;
  shown: number;
  notes: Map<string, number>;
  failedForms: Map<string, number>;
}

export class Report {
  passed = 0;
  failed = 0;
  skipped = 0;
  weak = 0;
  readonly #shown: number;
  readonly #classes = new Map<string, ClassCount>();

  constructor(options: ReportOptions) {
    this.#shown = options.shown;
  }

  #class(name: string): ClassCount {
    let found = this.#classes.get(name);
    if (!found) {
      found = {
        passed: 0,
        failed: 0,
        skipped: 0,
        weak: 0,
        shown: 0,
        notes: new Map(),
        failedForms: new Map(),
      };
      this.#classes.set(name, found);
    }
    return found;
  }

  pass(name: string): void {
    this.#class(name).passed++;
    this.passed++;
  }

  fail(name: string, form: string, title: string, differences: readonly string[]): void {
    const count = this.#class(name);
    count.failed++;
    this.failed++;
    count.failedForms.set(form, (count.failedForms.get(form) ?? 0) + 1);
    if (count.shown++ >= this.#shown) return;
    console.log(`FAIL ${name} ${title}`);
    for (const difference of differences) console.log(`     ${difference}`);
  }

  /** Not counted as a failure, for a reason that is printed with the class. */
  skip(name: string, reason: string): void {
    const count = this.#class(name);
    count.skipped++;
    this.skipped++;
    count.notes.set(reason, (count.notes.get(reason) ?? 0) + 1);
  }

  /** A weak case that differs: reported, but neither passed nor failed. */
  differsWeakly(name: string): void {
    this.#class(name).weak++;
    this.weak++;
  }

  finish(seconds: number): void {
    for (const [name, count] of this.#classes) {
      const parts = [`${count.passed} passed`, `${count.failed} failed`];
      if (count.skipped) parts.push(`${count.skipped} skipped`);
      if (count.weak) parts.push(`${count.weak} weak ones differ (not counted)`);
      console.log(`${name}: ${parts.join(", ")}`);
      const forms = [...count.failedForms].sort((a, b) => b[1] - a[1]);
      if (forms.length) {
        const listed = forms.slice(0, 12).map(([form, cases]) => `${form} ${cases}`);
        const more = forms.length > 12 ? `, and ${forms.length - 12} more forms` : "";
        console.log(`     failing forms: ${listed.join(", ")}${more}`);
      }
      for (const [reason, cases] of count.notes) console.log(`     skipped ${cases}: ${reason}`);
    }
    console.log(`${seconds.toFixed(1)} s`);
    console.log(`${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`);
  }
}
