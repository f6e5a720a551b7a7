import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, test } from "vitest";
import { useJupyter } from "../fixtures/jupyter.js";
import { describeLive } from "../fixtures/needs.js";

describeLive("under Jupyter's own client", ["python"], () => {
  const jupyter = useJupyter();

  /** Runs Python tests of ./jupyter; resolves to how each one ended, by its name. */
  async function unittest(module: string): Promise<Record<string, string>> {
    const { stderr } = await execa(jupyter.python, ["-B", "-m", "unittest", "-v", module], {
      cwd: fileURLToPath(new URL("jupyter", import.meta.url)),
      env: jupyter.environment,
      reject: false,
    });
    // A test is named once more for each of its parts that fails or is skipped.
    const lines = stderr.matchAll(/^ *(test_\w+) \(\S+\)(?: \(.*\))? \.\.\. ?(.*)$/gm);
    const results: Record<string, string> = {};
    for (const [, name = "", result = ""] of lines) results[name] = result;
    if (Object.values(results).some((result) => result !== "ok")) console.error(stderr);
    return results;
  }

  test("all of jupyter_kernel_test passes, with a sample for each test", async () => {
    expect(await unittest("test_conformance")).toEqual({
      test_clear_output: "ok",
      test_completion: "ok",
      test_display_data: "ok",
      test_error: "ok",
      test_execute_result: "ok",
      test_execute_stderr: "ok",
      test_execute_stdout: "ok",
      test_history: "ok",
      test_inspect: "ok",
      test_is_complete: "ok",
      test_kernel_info: "ok",
      test_pager: "ok",
      test_recv_iopub_welcome_msg: "ok",
    });
  });

  test("questions of cells reach the user, and the answers reach the cells", async () => {
    const results = await unittest("test_stdin");
    expect(Object.keys(results)).toHaveLength(6);
    expect([...new Set(Object.values(results))]).toEqual(["ok"]);
  });
});
