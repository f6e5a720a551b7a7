import { expect, test } from "vitest";
import { dropRules } from "../../lib/index.js";
import { dropReportRules } from "../../probes/report/rules.js";
import { kernelVersions } from "../lab/kernels.js";
import { expectedOn, notInTheLab, scenes } from "../lab/rules/index.js";

const reportRules = Object.keys(dropReportRules);
const unseen = Object.keys(notInTheLab);
const judging = dropRules.map(({ id }) => id);
const sceneRules = (of: "finds" | "decides") =>
  new Set(
    scenes.flatMap((scene) => kernelVersions.flatMap((kernel) => expectedOn<string>(scene[of], kernel))),
  );
const spared = new Set(scenes.flatMap(({ spares = [] }) => spares));

test("each rule of dropReport has a scene that it finds, and one that it must not", () => {
  expect(reportRules.filter((id) => !sceneRules("finds").has(id) && !unseen.includes(id))).toEqual([]);
  expect(reportRules.filter((id) => !spared.has(id))).toEqual([]);
});

test("each rule of classifyDrops has a scene that it decides on, and one that it must not", () => {
  expect(judging.filter((id) => !sceneRules("decides").has(id) && !unseen.includes(id))).toEqual([]);
  expect(judging.filter((id) => !spared.has(id) && !unseen.includes(id))).toEqual([]);
  expect(
    unseen.filter(
      (id) =>
        sceneRules("decides").has(id) ||
        sceneRules("finds").has(id) ||
        ![...judging, ...reportRules].includes(id),
    ),
  ).toEqual([]);
});

test("scenes name rules that there are, and each has a name of its own", () => {
  const known = [...reportRules, ...judging];
  const named = scenes.flatMap(({ spares = [], wholeHost = [] }) => [...spares, ...wholeHost]);
  expect(
    [...named, ...sceneRules("finds"), ...sceneRules("decides")].filter((id) => !known.includes(id)),
  ).toEqual([]);
  expect(new Set(scenes.map(({ name }) => name)).size).toBe(scenes.length);
});
