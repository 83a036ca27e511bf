import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Login } from "./api/ask.js";

/** Whoever is logged in, for all screens; `null`: nobody. */
export const Me = createContext<Login | null>(null);

/** @returns whoever is logged in */
export function useMe(): Login | null {
  return useContext(Me);
}
