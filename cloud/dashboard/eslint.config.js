import js from "@eslint/js";
import boundaries from "eslint-plugin-boundaries";
import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** Imports go one way: `ui, api <- features <- app`; a feature never imports another feature. */
const rooms = [
  { type: "ui", pattern: "src/ui" },
  { type: "api", pattern: "src/api" },
  { type: "feature", pattern: "src/features/*", capture: ["feature"] },
  { type: "app", pattern: "src/app" },
  { type: "testing", pattern: "src/testing" },
];

export default tseslint.config(
  { ignores: ["dist", "node_modules", "src/api/schema.d.ts", "test-results", "playwright-report"] },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/consistent-type-definitions": ["error", "interface"],
      "max-lines": ["error", { max: 300 }],
      "no-console": "error",
    },
  },
  {
    files: ["src/**/*.{ts,tsx}"],
    plugins: { boundaries, "react-hooks": hooks },
    extends: [a11y.flatConfigs.recommended],
    settings: {
      "boundaries/elements": rooms,
      "import/resolver": { typescript: { project: "./tsconfig.json" } },
    },
    rules: {
      "jsx-a11y/no-autofocus": ["error", { ignoreNonDOM: true }],
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "boundaries/dependencies": [
        "error",
        {
          default: "disallow",
          policies: [
            { from: { element: { type: "api" } }, allow: { to: { element: { type: "api" } } } },
            { from: { element: { type: "ui" } }, allow: { to: { element: { type: "ui" } } } },
            {
              from: { element: { type: "feature" } },
              allow: { to: { element: { types: { anyOf: ["ui", "api"] } } } },
            },
            {
              from: { element: { type: "feature" } },
              allow: { to: { element: { type: "feature", captured: { feature: "{{from.element.captured.feature}}" } } } },
            },
            {
              from: { element: { type: "app" } },
              allow: { to: { element: { types: { anyOf: ["ui", "api", "feature", "app"] } } } },
            },
            {
              from: { element: { type: "testing" } },
              allow: { to: { element: { types: { anyOf: ["ui", "api", "testing"] } } } },
            },
          ],
        },
      ],
    },
  },
  {
    files: ["src/**/*.test.{ts,tsx}"],
    rules: { "boundaries/dependencies": "off" },
  },
);
