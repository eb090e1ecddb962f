import { expect, test } from "vitest";
import { placeNames } from "../src/text/places";

const place = (id: string, name: string, parent: string | null) => ({ id, name, parent, level: "grid" as const });

test("places of one name say where they are, and others do not", () => {
  const names = placeNames([
    place("street", "长淮街道", null),
    place("a", "第一网格", "street"),
    place("b", "第二网格", "street"),
    place("a-1", "1号楼", "a"),
    place("b-1", "1号楼", "b"),
    place("b-2", "2号楼", "b"),
  ]);
  expect([...names.values()]).toEqual([
    "长淮街道",
    "第一网格",
    "第二网格",
    "长淮街道 第一网格 1号楼",
    "长淮街道 第二网格 1号楼",
    "2号楼",
  ]);
});

test("a place that is said to lie in itself is named all the same", () => {
  expect(placeNames([place("a", "东区", "b"), place("b", "东区", "a")]).get("a")).toBe("东区 东区");
});
