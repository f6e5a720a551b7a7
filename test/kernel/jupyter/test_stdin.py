"""Questions of cells to the user, answered through Jupyter's own client."""
import unittest
from queue import Empty

from jupyter_client.manager import start_new_kernel

TIMEOUT = 60
IMPORT = 'import { ask, askSecret } from "skbook";\n'


class Stdin(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.km, cls.kc = start_new_kernel(kernel_name="skbook")

    @classmethod
    def tearDownClass(cls):
        cls.kc.stop_channels()
        cls.km.shutdown_kernel()

    def start(self, code, allow_stdin=True):
        return self.kc.execute(IMPORT + code, allow_stdin=allow_stdin)

    def question(self, request):
        message = self.kc.get_stdin_msg(timeout=TIMEOUT)
        self.assertEqual(message["header"]["msg_type"], "input_request")
        self.assertEqual(message["parent_header"]["msg_id"], request)
        return message

    def finish(self, request):
        """The reply and everything that was put out for a request."""
        reply = self.kc.get_shell_msg(timeout=TIMEOUT)
        self.assertEqual(reply["parent_header"]["msg_id"], request)
        outputs = []
        while True:
            message = self.kc.get_iopub_msg(timeout=TIMEOUT)
            if message["parent_header"].get("msg_id") != request:
                continue
            outputs.append(message)
            if message["content"].get("execution_state") == "idle":
                return reply["content"], outputs

    def result(self, outputs):
        return [m["content"]["data"]["text/plain"] for m in outputs if m["msg_type"] == "execute_result"]

    def test_an_answer_reaches_the_cell(self):
        request = self.start('console.log("asking"); const name = await ask("Which device?"); name + "!"')
        self.assertEqual(self.question(request)["content"], {"prompt": "Which device?", "password": False})
        self.kc.input("eth0 😀")
        reply, outputs = self.finish(request)
        self.assertEqual(reply["status"], "ok")
        self.assertEqual(self.result(outputs), ["'eth0 😀!'"])

    def test_two_questions_come_one_after_the_other(self):
        request = self.start('await Promise.all([ask("first"), ask("second")])')
        for prompt in ("first", "second"):
            self.assertEqual(self.question(request)["content"]["prompt"], prompt)
            with self.assertRaises(Empty):
                self.kc.get_stdin_msg(timeout=0.2)
            self.kc.input(prompt.upper())
        reply, outputs = self.finish(request)
        self.assertEqual(self.result(outputs), ["[ 'FIRST', 'SECOND' ]"])

    def test_a_secret_is_asked_for_as_a_password_and_shown_nowhere(self):
        request = self.start('const secret = await askSecret("Password:"); secret.length')
        self.assertEqual(self.question(request)["content"], {"prompt": "Password:", "password": True})
        self.kc.input("hunter2-hunter2")
        reply, outputs = self.finish(request)
        self.assertEqual(self.result(outputs), ["15"])
        history = self.kc.history(hist_access_type="tail", n=1000, output=True, reply=True, timeout=TIMEOUT)
        for said in (reply, outputs, history["content"]):
            self.assertNotIn("hunter2", str(said))

    def test_who_allows_no_questions_gets_an_error_that_says_what_to_do(self):
        for question in ('ask("who?")', 'askSecret("who?")'):
            reply, outputs = self.finish(self.start(f"await {question}", allow_stdin=False))
            self.assertEqual(reply["ename"], "SkbookError")
            self.assertRegex(reply["evalue"], r"(?s)\[STDIN_NOT_ALLOWED\].*to do: .*skbook run -p")

    def test_an_interrupt_ends_a_question_and_its_late_answer_is_nobodys(self):
        request = self.start('await ask("never answered")')
        old = self.question(request)
        self.km.interrupt_kernel()
        reply, _ = self.finish(request)
        self.assertEqual(reply["ename"], "Interrupted")
        request = self.start('await ask("again")')
        self.question(request)
        late = self.kc.session.msg("input_reply", {"value": "late"}, parent=old)
        self.kc.stdin_channel.send(late)
        self.kc.input("in time")
        _, outputs = self.finish(request)
        self.assertEqual(self.result(outputs), ["'in time'"])

    def test_a_question_that_its_cell_did_not_wait_for_ends_with_it(self):
        request = self.start('const forgotten = ask("forgotten").catch((error) => error.code); 1;')
        self.finish(request)
        self.kc.get_stdin_msg(timeout=TIMEOUT)
        _, outputs = self.finish(self.start("await forgotten"))
        self.assertEqual(self.result(outputs), ["'INTERRUPTED'"])


if __name__ == "__main__":
    unittest.main()
