import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";

import { PriorityMark } from "./priority-mark.tsx";
import { Reading } from "./reading.tsx";

afterEach(cleanup);

const NOW = Date.parse("2026-11-25T12:00:00Z");
const HEART = { label: "HR", unit: "/min", decimals: 0, absence: "off the body", now: NOW, zone: "Europe/Stockholm", colour: "red" };

test("a fresh value shows its unit and age", () => {
  const { container } = render(<Reading {...HEART} value={72} at={NOW - 5000} />);
  expect(container.textContent).toBe("HR72/min5 s");
  expect(container.firstElementChild?.getAttribute("data-state")).toBe("fresh");
});

test("an old value says since when, in the patient's zone", () => {
  const { container } = render(<Reading {...HEART} value={72} at={NOW - 120_000} />);
  expect(container.firstElementChild?.getAttribute("data-state")).toBe("stale");
  expect(container.textContent).toContain("since 12:58");
});

test("a missing number says why instead of showing one", () => {
  const { container } = render(<Reading {...HEART} value={null} at={NOW} />);
  expect(container.textContent).toBe("HRoff the bodynow");
});

test("a pressure has its second number after a stroke, and is no older for a day", () => {
  const pressure = { ...HEART, label: "Pressure", unit: "mmHg", value: 142, beside: 91, staleAfter: 86_400_000 };
  const { container } = render(<Reading {...pressure} at={NOW - 3_600_000} />);
  expect(container.textContent).toContain("142/91mmHg");
  expect(container.firstElementChild?.getAttribute("data-state")).toBe("fresh");
});

test("never measured is not zero", () => {
  render(<Reading {...HEART} value={null} at={null} />);
  expect(screen.getByLabelText("never measured").textContent).toBe("–");
});

test("a priority is told without its colour", () => {
  render(<PriorityMark priority="medium" />);
  expect(screen.getByText(/Medium/u).textContent).toBe("Medium priority");
  render(<PriorityMark priority="low" bare />);
  expect(screen.getByRole("img", { name: "Low priority" })).toBeTruthy();
});
