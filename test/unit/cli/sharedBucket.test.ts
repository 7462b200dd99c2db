import { expect, test } from "vitest";
import { eachBucketOnce } from "../../../provider/cli/adopt";

test("of registries that share a bucket, one declares its CORS rules", () => {
    const cors = { allowedOrigins: ["https://llmos.example.com"] };
    const registry = (name: string, bucket: string, endpoint = "s3.registry.com") => {
        return { name, endpoint, bucket, secretName: "keys", isDefault: false, cors };
    };
    const adopted = [registry("a", "shared"), registry("b", "own"), registry("c", "shared")];
    expect(eachBucketOnce([...adopted, registry("d", "shared", "other.registry.com")])).toEqual([
        registry("a", "shared"),
        registry("b", "own"),
        { ...registry("c", "shared"), cors: { leftAlone: '"a" declares the rules of the same bucket.' } },
        registry("d", "shared", "other.registry.com"),
    ]);
});
