"""No container engine runs in the tests, so what can be read off the files is checked here."""

import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from architecture.repository import ROOT

DOCKER = ROOT / "docker"
DOCKERFILES = sorted(DOCKER.glob("*.Dockerfile"))
SCRIPTS = sorted(DOCKER.rglob("*.sh"))
COMPOSE = cast(dict[str, Any], yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile, continuation lines joined."""

    name: str
    rest: str


def instructions(path: Path) -> list[Instruction]:
    """Parse a Dockerfile; comments are dropped."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    parsed: list[Instruction] = []
    for line in filter(None, (line.strip() for line in joined.splitlines())):
        name, _, rest = line.partition(" ")
        parsed.append(Instruction(name.upper(), rest.strip()))
    return parsed


def of(path: Path, name: str) -> list[str]:
    return [instruction.rest for instruction in instructions(path) if instruction.name == name]


def final_stage(path: Path) -> list[Instruction]:
    parsed = instructions(path)
    last = max(index for index, instruction in enumerate(parsed) if instruction.name == "FROM")
    return parsed[last:]


def test_there_is_an_image_for_each_program() -> None:
    assert [path.name for path in DOCKERFILES] == ["edge.Dockerfile", "server.Dockerfile"]


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
class TestDockerfile:
    def test_it_knows_every_instruction(self, path: Path) -> None:
        known = {
            "FROM",
            "RUN",
            "CMD",
            "EXPOSE",
            "ENV",
            "COPY",
            "ENTRYPOINT",
            "VOLUME",
            "USER",
            "WORKDIR",
            "ARG",
            "HEALTHCHECK",
            "LABEL",
        }
        assert {instruction.name for instruction in instructions(path)} <= known

    def test_base_images_are_pinned_to_a_version(self, path: Path) -> None:
        for base in of(path, "FROM"):
            image = base.split()[0]
            assert re.search(r":\d+(\.\d+)*[\w.-]*$", image), f"{image} is not pinned"

    def test_it_does_not_run_as_root(self, path: Path) -> None:
        users = [instruction.rest for instruction in final_stage(path) if instruction.name == "USER"]
        assert users
        assert re.match(r"[1-9]\d*(:[1-9]\d*)?$", users[-1]), "a numeric user lets an orchestrator check it"

    def test_what_it_copies_exists(self, path: Path) -> None:
        for copy in of(path, "COPY"):
            words = shlex.split(copy)
            if not words[0].startswith("--from="):
                for source in words[:-1]:
                    assert (ROOT / source).exists(), source

    def test_the_build_is_handed_what_it_copies_and_nothing_that_was_built_or_kept_here(self, path: Path) -> None:
        lines = Path(f"{path}.dockerignore").read_text(encoding="utf-8").splitlines()
        let_in = [line.removeprefix("!") for line in lines if line.startswith("!")]
        from_here = [rest for rest in of(path, "COPY") if "--from" not in rest]
        assert sorted(let_in) == sorted({source for rest in from_here for source in rest.split()[:-1]})
        assert {"*", "**/node_modules", "server/lookout_server/static"} <= set(lines)

    def test_commands_are_in_exec_form_so_that_signals_arrive(self, path: Path) -> None:
        for command in of(path, "CMD") + of(path, "ENTRYPOINT"):
            assert command.startswith("["), command

    def test_it_is_watched_and_installs_pinned_versions(self, path: Path) -> None:
        assert of(path, "HEALTHCHECK")
        installs = [run for run in of(path, "RUN") if "pip install" in run]
        assert installs
        assert all("-c docker/constraints.txt" in run for run in installs)

    def test_it_leaves_no_package_lists_behind(self, path: Path) -> None:
        for run in of(path, "RUN"):
            if "apt-get install" in run:
                assert "--no-install-recommends" in run
                assert "rm -rf /var/lib/apt/lists" in run

    def test_no_secret_is_baked_in(self, path: Path) -> None:
        for instruction in instructions(path):
            assert not re.search(r"(password|secret|token)\s*=", instruction.rest, re.IGNORECASE), instruction


class TestCompose:
    services = cast(dict[str, dict[str, Any]], COMPOSE["services"])

    def test_it_has_the_four_parts(self) -> None:
        assert set(self.services) == {"broker", "database", "dispatcher", "gateway"}

    def test_images_are_pinned_or_built_here(self) -> None:
        for name, service in self.services.items():
            if "build" in service:
                build = service["build"]
                assert (DOCKER / build["context"] / build["dockerfile"]).is_file(), name
            else:
                assert re.search(r":\d", service["image"]), f"{service['image']} is not pinned"

    def test_every_reference_is_defined(self) -> None:
        volumes, secrets = set(COMPOSE["volumes"]), set(COMPOSE["secrets"])
        for name, service in self.services.items():
            assert set(service.get("secrets", [])) <= secrets, name
            assert set(service.get("depends_on", {})) <= set(self.services), name
            for mount in service.get("volumes", []):
                source = mount.split(":")[0]
                if source.startswith("."):
                    assert (DOCKER / source).is_file(), f"{name} mounts {source}, which is not there"
                else:
                    assert source in volumes, f"{name} mounts {source}, which is not defined"

    def test_what_is_waited_for_has_a_health_check(self) -> None:
        for service in self.services.values():
            for other, how in service.get("depends_on", {}).items():
                if how["condition"] == "service_healthy":
                    assert "healthcheck" in self.services[other], other

    def test_every_service_comes_back_after_a_reboot(self) -> None:
        assert {service.get("restart") for service in self.services.values()} == {"unless-stopped"}

    def test_nothing_is_said_to_the_whole_network_unless_somebody_wants_it(self) -> None:
        published = [port for service in self.services.values() for port in service.get("ports", [])]
        assert published
        assert all(port.startswith("${LOOKOUT_BIND:-127.0.0.1}:") for port in published)

    def test_logs_end_somewhere(self) -> None:
        assert all(service["logging"]["options"]["max-size"] for service in self.services.values())

    def test_no_password_stands_in_the_file(self) -> None:
        text = (DOCKER / "compose.yaml").read_text(encoding="utf-8")
        assert not re.search(r"PASSWORD:\s*\S", text)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_shell_scripts_parse_and_stop_at_the_first_error(path: Path) -> None:
    done = subprocess.run(["sh", "-n", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "set -eu" in path.read_text(encoding="utf-8")


def test_mosquitto_keeps_what_its_defaults_lose() -> None:
    text = (DOCKER / "mosquitto" / "mosquitto.conf").read_text(encoding="utf-8")
    settings = dict(line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#"))
    assert settings["persistence"] == "true"
    assert settings["autosave_interval"] == "1", "seconds between saves; the default is half an hour"
    assert settings["allow_anonymous"] == "false"
    assert int(settings["max_queued_messages"]) >= 10_000
