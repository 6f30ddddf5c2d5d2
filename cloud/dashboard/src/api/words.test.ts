import { expect, test } from "vitest";

import { absenceText, kindText, metricWords, sentence, unitText } from "./words.ts";

test("a detector's sentence is made readable and nothing in it is changed but names", () => {
  expect(sentence("respiratory_rate 24 gives 2, spo2 83 gives 3; missing: systolic_pressure")).toBe(
    "Respiratory rate 24 gives 2, SpO₂ 83 gives 3; missing: systolic pressure",
  );
  expect(sentence("NEWS2 6 to 14: pulse 101 gives 1")).toBe("NEWS2 6 to 14: pulse 101 gives 1");
  expect(sentence("")).toBe("");
});

test("a word that came after this page was built is still readable", () => {
  expect(kindText("fall_detected")).toBe("Fall detected");
  expect(metricWords("blood_glucose").long).toBe("Blood glucose");
});

test("units are printed, not coded", () => {
  expect(["Cel", "1", "/min"].map(unitText)).toEqual(["°C", "", "/min"]);
});

test("a missing number has a reason, known or not", () => {
  expect([absenceText("off_body"), absenceText(null), absenceText("unheard_of")]).toEqual(["off the body", "no number", "no number"]);
});
