import { strict as assert } from "node:assert";
import { useShop } from "./support/shop";

describe("what the local run does not emulate", () => {
  const shop = useShop();

  it("is listed by type and property, without what works", () => {
    assert.deepEqual([...shop.running.notEmulated].sort(), [
      "Policy.path",
      "Stage.defaultRouteSettings",
      "Table.deletionProtectionEnabled",
      "Topic",
      "Vpc",
    ]);
  });

  it("doesn't fail programs that use a network, zones and prefix lists", () => {
    const { subnets, zones, prefixList } = shop.running.outputs;
    assert.equal((subnets as string[]).length, 2);
    assert.deepEqual(zones, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]);
    assert.equal(prefixList, "pl-local");
  });
});
