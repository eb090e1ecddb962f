/** Answers may overtake each other on their way: what was asked for earlier must not replace what is newer. */

interface Versioned {
  id: string;
  version: number;
}

export class Versions {
  private readonly newest = new Map<string, number>();

  /** Whether nothing newer has been seen of this one; what is not older is the newest from now on. */
  take({ id, version }: Versioned): boolean {
    if (version < (this.newest.get(id) ?? 0)) return false;
    this.newest.set(id, version);
    return true;
  }
}
