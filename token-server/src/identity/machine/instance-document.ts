import { z } from "zod";

const instanceIdSchema = z.string().regex(/^i-[0-9a-f]{8,17}$/);

/** An EC2 instance identity document: what we use of it. */
export const instanceDocumentSchema = z.object({
  accountId: z.string().regex(/^\d{12}$/),
  region: z.string().regex(/^[a-z]{2}(?:-[a-z]+)+-\d+$/),
  instanceId: instanceIdSchema,
  pendingTime: z.iso.datetime(),
  imageId: z.string().max(64),
  instanceType: z.string().max(64),
});
export type InstanceDocument = z.output<typeof instanceDocumentSchema>;

/**
 * @param content - bytes whose signature has been verified
 * @returns the document
 * @throws Error when they are none
 */
export function parseInstanceDocument(content: Buffer): InstanceDocument {
  return instanceDocumentSchema.parse(JSON.parse(content.toString("utf8")));
}
