import type { AppSide, DirectoryApp } from "./directory.js";

/**
 * @param side - teams of an application that somebody would have to be in
 * @param app - the application, as it was named
 * @returns why they have nothing to do with it
 */
export function whyNoApp(side: AppSide, app: string): string {
  return side === "responsibles"
    ? `none of your teams is responsible for app ${app}`
    : `app ${app} is published to none of your teams`;
}

/**
 * @param app - the application of the service that asks; `null`: it is none
 * @param wanted - the application that it would have to be of
 * @returns why it is not
 */
export function whyOtherApp(app: DirectoryApp | null, wanted: string): string {
  return app === null
    ? "you are no service of an app"
    : `the service is of app ${app.code}, not ${wanted}`;
}
