// Parts of a view are found by their name in the template, so that a page can have several views.

export function part<T extends HTMLElement = HTMLElement>(root: HTMLElement, name: string): T {
  const found = root.querySelector<T>(`[data-part="${name}"]`);
  if (!found) throw new Error(`index.html has no part "${name}"`);
  return found;
}
