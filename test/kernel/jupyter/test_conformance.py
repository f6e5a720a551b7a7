"""Jupyter's own tests of a kernel, with a sample of ours for every one of them."""
import jupyter_kernel_test

NAME = "skbook"


class Conformance(jupyter_kernel_test.KernelTests):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The tests wait no longer than 15 s, which a busy machine may need for the library's first import.
        cls.kc.execute_interactive("import * as skbook from 'skbook';", timeout=120)

    kernel_name = NAME
    language_name = "typescript"
    file_extension = ".ts"

    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('a warning')"
    code_generate_error = "throw new RangeError('too far')"
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "'eth0'.toUpperCase()", "result": "'ETH0'"},
        {"code": "await Promise.resolve([1, 2])", "result": "[ 1, 2 ]"},
        {
            "code": "({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<b>1</b>', 'text/plain': '1' }) })",
            "mime": "text/html",
            "result": "<b>1</b>",
        },
    ]
    code_display_data = [
        {"code": "import { display } from 'skbook'; await display('shown')", "mime": "text/plain"},
    ]
    code_clear_output = "import { clearOutput } from 'skbook'; console.log('gone'); clearOutput();"
    code_page_something = "import { page } from 'skbook'; await page('a long text')"

    completion_samples = [
        {"text": "Math.atan", "matches": ["atan", "atan2", "atanh"]},
        {"text": "[1, 2].findLastI", "matches": ["findLastIndex"]},
    ]
    complete_code_samples = ["1", "const a = 1;", "for await (const packet of []) {\n}", "function f() {}"]
    incomplete_code_samples = ["function f() {", "const rows = [", "/* a comment"]
    invalid_code_samples = ["const 1 = 2", "}"]
    code_inspect_sample = "Math.max"

    code_history_pattern = "6 *?*"
    supported_history_operations = ("tail", "range", "search")


class Welcome(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = NAME
    support_iopub_welcome = True
