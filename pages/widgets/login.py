"""Log in and out, in the sidebar, where the server asks for a login; why something is off."""

import streamlit as st

from pages.widgets import access, rights
from pages.widgets.access import Role, access_settings
from pages.widgets.rights import Action
from pages.widgets.show_errors import plain

__all__ = ["show", "show_refusal"]

_ROLES = {
    Role.VISITOR: "You can read and look, as without a login.",
    Role.MEMBER: "You can train, upload and correct.",
    Role.OWNER: "You can change everything on this server.",
}


def show() -> None:
    """Show who has logged in, with a button; nothing on a server without logins."""
    if access_settings().mode != "login":
        return
    with st.sidebar.container(key="login"):
        if not access.subject():
            st.button(
                "Log in",
                icon=":material/login:",
                key="log_in",
                on_click=st.login,
                help="To train, upload, correct, and change what is yours. Reading needs no login.",
            )
            return
        name = access.email() or str(st.user.get("name") or "someone")
        st.caption(f"Logged in as {plain(name)}. {_ROLES[rights.role()]}")
        st.button(
            "Log out",
            icon=":material/logout:",
            key="log_out",
            on_click=st.logout,
            help="What you have started stays yours.",
        )


def show_refusal(action: Action) -> bool:
    """Show why this visitor may not do this; return False, and show nothing, if allowed."""
    reason = rights.refusal(action)
    if reason:
        st.info(plain(reason).replace(r"\*", "*"), icon=":material/lock:")
    return bool(reason)
