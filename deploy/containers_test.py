"""What the image and the compose files say twice is the same in both places."""

import re
import unittest


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def packages(text):
    return set(re.findall(r"\b(?:lib[\w.+-]+\d|zlib1g)\b", text))


class ContainersTest(unittest.TestCase):
    def test_the_image_has_the_libraries_that_the_guide_installs(self):
        image = re.search(r"apt-get install.*?(?=&&)", read("deploy/Dockerfile"), re.DOTALL).group(0)
        guide = re.search(r"^    apt-get install (?:.*\\\n)*.*", read("docs/operating/install.md"), re.MULTILINE).group(0)
        self.assertGreater(len(packages(image)), 5)
        self.assertEqual(packages(image), packages(guide))

    def test_the_example_of_settings_has_those_of_the_compose_file(self):
        compose = set(re.findall(r"\$\{(\w+):-([^}]*)\}", read("deploy/compose.yaml")))
        self.assertEqual(compose, set(re.findall(r"^#(\w+)=(.*)$", read("deploy/.env.example"), re.MULTILINE)))
        names = {name for name, _ in compose} | {"COMPOSE_PROJECT_NAME"}
        self.assertEqual(set(re.findall(r"^(\w+)=", read("deploy/test.env"), re.MULTILINE)) - names, set())

    def test_every_secret_is_made(self):
        wanted = re.findall(r"\{file: \./secrets/(\w+)\}", read("deploy/compose.yaml"))
        made = re.findall(r"^make (\w+) ", read("deploy/make-secrets"), re.MULTILINE)
        self.assertCountEqual(wanted, made)

    def test_the_health_probe_is_one(self):
        image = re.search(r"HEALTHCHECK .*CMD (.*)", read("deploy/Dockerfile")).group(1)
        compose = re.search(r"test: \[CMD, (curl.*)\]", read("deploy/compose.yaml")).group(1)
        self.assertEqual(image.split(), [word.strip('"') for word in compose.split(", ")])


if __name__ == "__main__":
    unittest.main()
