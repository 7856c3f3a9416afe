// Keeps the lines of concurrent work apart: one group is open at a time.
import { AsyncLocalStorage } from 'node:async_hooks';

/** Where lines are written. */
export interface Surface {
  /** `again`: the group was interrupted by a line from outside. */
  open(title: string, again: boolean): void;
  close(): void;
  line(text: string): void;
}

export interface Groups {
  /** Writes a line in the caller's group, else outside all groups. */
  print(text: string): void;
  /** Writes a line outside all groups, wherever it is called. */
  printOutside(text: string): void;
  group<T>(title: string, work: () => Promise<T>): Promise<T>;
}

interface Group {
  readonly title: string;
  /** Lines buffered until the group's turn. */
  readonly waiting: string[];
  ended: boolean;
  opened: boolean;
}

interface Stage {
  begin(group: Group): void;
  end(group: Group): void;
  /** In a group, or in none. */
  print(group: Group | undefined, text: string): void;
}

function stageOn(surface: Surface): Stage {
  const queue: Group[] = [];
  let live: Group | undefined;
  let shown = false;

  const show = (group: Group): void => {
    if (!shown) surface.open(group.title, group.opened);
    group.opened = true;
    shown = true;
  };
  const hide = (): void => {
    if (shown) surface.close();
    shown = false;
  };
  const advance = (): void => {
    for (live = queue.shift(); live; live = queue.shift()) {
      show(live);
      for (const line of live.waiting) surface.line(line);
      if (!live.ended) return;
      hide();
    }
  };
  return {
    begin(group) {
      queue.push(group);
      if (!live) advance();
    },
    end(group) {
      group.ended = true;
      if (group !== live) return;
      hide();
      advance();
    },
    print(group, text) {
      if (group && group !== live) {
        group.waiting.push(text);
        return;
      }
      if (group) show(group);
      else hide();
      surface.line(text);
    },
  };
}

/**
 * Groups over one surface. The first one streams; those that begin meanwhile are held back until
 * it ends and then follow in order. GitHub has no nested groups: an inner one is a heading.
 */
export function groupsOn(surface: Surface): Groups {
  const inside = new AsyncLocalStorage<Group>();
  const stage = stageOn(surface);
  // Work that continues after its group ended logs outside it.
  const current = (): Group | undefined => {
    const group = inside.getStore();
    return group?.ended ? undefined : group;
  };
  return {
    print: (text) => stage.print(current(), text),
    printOutside: (text) => stage.print(undefined, text),
    async group(title, work) {
      const outer = current();
      if (outer) {
        stage.print(outer, title);
        return work();
      }
      const group: Group = { title, waiting: [], ended: false, opened: false };
      stage.begin(group);
      try {
        return await inside.run(group, work);
      } finally {
        stage.end(group);
      }
    },
  };
}
