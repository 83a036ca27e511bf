import { z } from "zod";

/** Names of OpenSVC's services: host names, or a namespace, a kind and a name; never a way through folders. */
export const serviceNameSchema = z
  .string()
  .max(200)
  .regex(
    /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/,
    "wanted lower case letters, digits, and . _ - / between them",
  );
