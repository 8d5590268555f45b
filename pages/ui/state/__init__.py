"""What a visit remembers, in the address or the session: ids, one latent point and the explorer's view of it.

No other files touch either.

The address is the truth: a widget is set from it before it is drawn, and writes to it only when the user changes it.
So a link, the Back button and a second tab all show what the address says.
"""

from pages.ui.state.choices import choose, choose_several, option, told_apart
from pages.ui.state.shown import (
    LARGEST_LATENT,
    LARGEST_WHOLE,
    LONGEST_VIEW,
    example,
    is_at_mean,
    keep_example,
    keep_point,
    keep_threshold,
    label,
    point,
    seed,
    threshold,
    turn,
    view,
)
from pages.ui.state.visit import (
    SETTINGS,
    dataset_id,
    deleted_dataset,
    empty_uploader,
    keep_settings,
    run_id,
    set_dataset_id,
    set_deleted_dataset,
    set_run_id,
    set_upload_id,
    set_upload_notice,
    start_once,
    take_upload_notice,
    upload_id,
    upload_key,
    uploaded,
    watch_upload,
    watched_upload,
)

__all__ = [
    "LARGEST_LATENT",
    "LARGEST_WHOLE",
    "LONGEST_VIEW",
    "SETTINGS",
    "choose",
    "choose_several",
    "dataset_id",
    "deleted_dataset",
    "empty_uploader",
    "example",
    "is_at_mean",
    "keep_example",
    "keep_point",
    "keep_settings",
    "keep_threshold",
    "label",
    "option",
    "point",
    "run_id",
    "seed",
    "set_dataset_id",
    "set_deleted_dataset",
    "set_run_id",
    "set_upload_id",
    "set_upload_notice",
    "start_once",
    "take_upload_notice",
    "threshold",
    "told_apart",
    "turn",
    "upload_id",
    "upload_key",
    "uploaded",
    "view",
    "watch_upload",
    "watched_upload",
]
