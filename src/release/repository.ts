// Which repositories an application belongs to: a short name alone may be anybody's.

export interface Repository {
  /** `https://github.com`, without a slash at its end. */
  readonly server: string;
  /** GitHub's number for it, which a rename does not change; absent on a terminal. */
  readonly id?: string;
  /** `owner/name`: for people, and the identity only where one of the two has no number. */
  readonly name: string;
}
