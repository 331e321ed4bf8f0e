"""Labels that may be wrong: a ranked gallery, in which each can be reviewed."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from mnist_core import MnistError
from mnist_core.corrections.label_reviews import REVIEWS, LabelReviews
from mnist_core.evaluation.assessment import Assessment
from mnist_core.evaluation.label_issues import LabelIssues, evaluate_without, find_label_issues
from pages.widgets import gallery, rights
from pages.widgets.charts import enlarged
from pages.widgets.rights import Action
from pages.widgets.show_errors import plain, show_errors

# Images shown at first, and added by each press of "Show more".
PAGE = 96
_COUNT, _CHOSEN, _ERROR = "labels_count", "labels_chosen", "labels_error"
_SIGNS = {"right": " ✓", "wrong": " ✗", "unclear": " ?"}


@st.fragment
def show(selected: Assessment, assessments: Sequence[Assessment]) -> None:
    """Show the least probable labels; a review reruns only this part of the page."""
    with show_errors():
        data = selected.data
        issues = _find(
            tuple(item.card.name for item in assessments),
            (data.digest, *(item.card.digest for item in assessments)),
            assessments,
        )
        st.header("Labels that may be wrong")
        st.markdown("**Is this label right?** The least probable labels first")
        reviews: dict[int, str] = {}
        with show_errors():  # an unusable file of reviews hides no image
            reviews = LabelReviews().find(data.images, selected.evaluation.labels)
        _explain(selected, issues, reviews, len(assessments))
        state = st.session_state
        # The image stays chosen when the models change, but not when the data do.
        digest, chosen = state.get(_CHOSEN) or (None, None)
        if digest != data.digest:
            chosen = None
        with st.container(key="label_shown"):
            if chosen is not None:
                _show_details(selected, issues, chosen, reviews.get(chosen))
        count = state.setdefault(_COUNT, PAGE)
        with st.container(key="labels_gallery"):
            picked = gallery.show(
                [
                    _picture(selected, issues, index, reviews.get(index))
                    for index in issues.ranking[:count].tolist()
                ],
                chosen,
                key="label_gallery",
            )
        if picked is not None and picked != chosen:
            state[_CHOSEN] = (data.digest, picked)
            st.rerun(scope="fragment")
        if (rest := len(issues.ranking) - count) > 0 and st.button(
            f"Show {min(PAGE, rest)} more",
            icon=":material/expand_more:",
            key="more_labels",
            help="Show the next images below these.",
        ):
            state[_COUNT] = count + PAGE
            st.rerun(scope="fragment")


@st.cache_resource(show_spinner="Comparing labels and predictions …", max_entries=8)
def _find(
    models: tuple[str, ...], digests: tuple[str, ...], _assessments: Sequence[Assessment]
) -> LabelIssues:
    return find_label_issues([item.evaluation for item in _assessments])


def _explain(
    selected: Assessment, issues: LabelIssues, reviews: dict[int, str], models: int
) -> None:
    suspects, total = len(issues.suspects), len(issues.ranking)
    found = (
        f"counts {suspects:,} of {total:,} labels as probably wrong, marked with “!”."
        if suspects
        else f"counts none of {total:,} labels as probably wrong, but the first are worth a look."
    )
    judges = (
        f"The {models} chosen models judge together."
        if models > 1
        else "Choose several models: together they judge better than one."
    )
    st.caption(
        f"Confident learning (Northcutt, Jiang and Chuang, 2021) {found} {judges} Click an image "
        "to review its label."
    )
    counts = Counter(reviews.values())
    doubtful = [index for index, review in reviews.items() if review != "right"]
    if not counts:
        return
    words = ", ".join(f"{counts[review]:,} {review}" for review in REVIEWS)
    evaluation, without = selected.evaluation, evaluate_without(selected.evaluation, doubtful)
    text = f"Reviewed: {words}."
    if doubtful and without is not None:
        text += (
            f" Accuracy of {plain(selected.card.name)}: **{evaluation.accuracy:.2%}** with all "
            f"labels, **{without.accuracy:.2%}** without the {len(doubtful):,} wrong or unclear."
        )
    with st.container(key="label_reviews"):
        st.markdown(text)


def _picture(
    selected: Assessment, issues: LabelIssues, index: int, review: str | None
) -> gallery.Picture:
    label = int(selected.evaluation.labels[index])
    suspect = index in issues.suspects
    alt = (
        f"Image {index}, labeled {label}. Probability of this label {issues.quality[index]:.1%}; "
        f"most probable {issues.probabilities[index].argmax()}."
        f"{' Probably wrong.' if suspect else ''}{f' Reviewed: {review}.' if review else ''}"
    )
    return gallery.Picture(
        id=index,
        frame=selected.data.images[index],
        caption=f"{label}{'!' if suspect else ''}{_SIGNS.get(review or '', '')}\n"
        f"{issues.quality[index]:.1%}",
        alt=alt,
    )


def _show_details(
    selected: Assessment, issues: LabelIssues, index: int, review: str | None
) -> None:
    data, label = selected.data, int(selected.evaluation.labels[index])
    frame, probabilities = data.images[index], issues.probabilities[index]
    # A key of its own for each image: the control begins with that image's review.
    key = f"label_review_{data.digest[:12]}_{index}"

    def save() -> None:
        try:
            rights.check(Action.CORRECT)
            LabelReviews().save(frame, label, st.session_state[key])
        except MnistError as error:
            st.session_state[_ERROR] = str(error)

    with st.container(border=True, horizontal=True, wrap=False, vertical_alignment="center"):
        st.image(enlarged(frame, 4), width=112, alt=f"Image {index}, 28 by 28 pixels.")
        with st.container():
            second = probabilities.argmax()
            st.markdown(
                f"Labeled **{label}** ({probabilities[label]:.1%}); the most probable digit is "
                f"**{second}** ({probabilities[second]:.1%}).  \n"
                f":small[Image {index} of {plain(data.name)}]"
            )
            if index in selected.disputed:
                st.caption(str(selected.disputed[index]))
            reason = rights.refusal(Action.CORRECT)
            st.segmented_control(
                f"Is {label} the right label?",
                REVIEWS,
                default=review,
                format_func=str.capitalize,
                key=key,
                on_change=save,
                disabled=bool(reason),
                help=reason
                or "Press again to take the answer back. It is stored with the corrections, on the "
                "computer that runs this app.",
            )
            if (failed := st.session_state.pop(_ERROR, None)) is not None:
                st.error(plain(failed))
