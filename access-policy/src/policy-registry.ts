/**
 * What an access policy asks of the registry that a token is for.
 */
export interface PolicyRegistry {
  /** the audience that clients name, e.g. `registry.example.org` */
  readonly service: string;
  /** whether pushes need responsibility, where publication is enough otherwise */
  readonly restricted: boolean;
  /** teams that may search and pull */
  readonly publications: readonly string[];
  /** teams that may push and change the registry */
  readonly responsibles: readonly string[];
}
