"""The login with an OpenID Connect provider, in a browser: log in, train, log out."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser.conftest import running_app
from playwright.sync_api import Browser, Page, expect
from support.login_provider import CLIENT, LoginProvider
from support.servers import serving

ANN = {"sub": "1", "email": "ann@school.example", "email_verified": True, "name": "Ann"}


def start_button(page: Page):
    return page.get_by_role("button", name="Start", exact=True)


@pytest.mark.slow  # a server and a provider of its own
def test_person_logs_in_and_out(tmp_path: Path, browser: Browser) -> None:
    provider = LoginProvider(ANN)
    with serving(provider.application()) as host:
        secrets = tmp_path / "secrets.toml"
        port = urlsplit(f"//{host}").port
        secrets.write_text(
            '[auth]\nredirect_uri = "http://localhost:{port}/oauth2callback"\n'
            f'cookie_secret = "{"s" * 32}"\nclient_id = "{CLIENT}"\nclient_secret = "x"\n'
            f'server_metadata_url = "http://localhost:{port}/.well-known/openid-configuration"\n'
        )
        access = {"mode": "login", "people": ["@school.example"]}
        with running_app(
            tmp_path / "log.txt",
            f"--secrets.files={secrets}",
            MNIST_ACCESS=json.dumps(access),
            MNIST_RUNS=str(tmp_path / "runs"),
        ) as address:
            # A proxy's header makes the visitor distant; the browser is on this machine.
            context = browser.new_context(extra_http_headers={"X-Forwarded-For": "203.0.113.9"})
            page = context.new_page()
            page.set_default_timeout(60_000)
            page.goto(f"http://localhost:{urlsplit(address).port}/train_evaluate")
            expect(start_button(page)).to_be_disabled()
            expect(page.get_by_text("Training needs a login.")).to_be_visible()
            page.get_by_role("button", name="Log in").click()
            expect(page.get_by_text("Logged in as ann@school.example.")).to_be_visible()
            # The provider leads back to the first page.
            page.get_by_test_id("stSidebarNavLink").nth(2).click()
            expect(start_button(page)).to_be_enabled()
            expect(page.get_by_text("Training needs a login.")).to_have_count(0)
            page.get_by_role("button", name="Log out").click()
            expect(page.get_by_role("button", name="Log in")).to_be_visible()
            context.close()
