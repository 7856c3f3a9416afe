// Concurrency groups: who holds one, and who waits for it.
import type { Rules } from './table.ts';
import type { Concurrency } from './workflow.ts';

export interface Groups<Member> {
  /** Whether the member holds the group now; it waits in it where not. */
  enter(member: Member, group: Concurrency): boolean;
  /** Out of all groups; who waits longest holds what it held. */
  leave(member: Member): void;
  holder(group: Concurrency): Member | undefined;
}

/** The longest queue of `queue: max`. */
const longest = 100;

/** `stop` ends a member as cancelled, by which it leaves. */
export function groupsOf<Member>(rules: Rules, stop: (member: Member) => void): Groups<Member> {
  /** By name, who holds it first. */
  const lines = new Map<string, Member[]>();
  const lineOf = ({ group }: Concurrency): Member[] => {
    const name = rules.has('group-case') ? group.toLowerCase() : group;
    const line = lines.get(name) ?? [];
    lines.set(name, line);
    return line;
  };
  const replaced = (line: readonly Member[], { cancel, queue }: Concurrency): readonly Member[] => {
    const [holder, ...waiting] = line;
    const waitsForAll = queue === 'max' && rules.has('group-queue');
    const gone = waitsForAll || !rules.has('group-pending') ? [] : waiting;
    const cancels = cancel === 'true' && rules.has('group-cancel') && holder !== undefined;
    return cancels ? [...gone, holder] : gone;
  };
  return {
    enter: (member, group) => {
      const line = lineOf(group);
      if (!line.includes(member)) {
        for (const each of replaced([...line], group)) stop(each);
        if (line.length > longest) stop(member);
        else line.push(member);
      }
      return line[0] === member;
    },
    leave: (member) => {
      for (const line of lines.values()) {
        if (line.includes(member)) line.splice(line.indexOf(member), 1);
      }
    },
    holder: (group) => lineOf(group)[0],
  };
}
