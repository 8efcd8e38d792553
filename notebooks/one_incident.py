# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # Who got how many copies of what, and how sure are we?
#
# The detector keeps what it knows in one DuckDB file per night. This page opens the newest one and follows one incident
# from the people who were hit down to the single sends. Run `python3 dev.py run` first, or point `STATE` at your own.

# %%
import os
from pathlib import Path

import detector

STATE = Path(os.environ.get("DETECTOR_STATE", "detector-state-sample"))
db = detector.open_snapshot(STATE)

# %% [markdown]
# ## The incidents
# A snapshot is read-only: nothing here can disturb tonight's run.

# %%
incidents = db.execute("select * from incidents order by excess desc").df()
incidents[["incident_id", "template", "recipients", "sends", "excess", "started_at", "ended_at", "cause"]]

# %% [markdown]
# ## The people
# One row per person: copies that were due (`expected`), copies that went out (`sends`), and the difference.

# %%
worst = incidents.loc[0, "incident_id"]
people = db.execute("select * from affected where incident_id = ? order by excess desc, recipient", [worst]).df()
people[["recipient", "organization", "sends", "expected", "excess", "first_sent_at", "last_sent_at"]].head(10)

# %% [markdown]
# ## One person, send by send
# `features` has the send-rate features of every repeat: copies of the same mail in the last minute, hour, week.

# %%
one = people.loc[0, "recipient"]
rates = db.execute(
    "select sent_at, lag_seconds, copies_1m, copies_10m, copies_1h, copies_1d, copies_7d from features "
    "where recipient = ? and content_key in (select content_key from incident_repeats where incident_id = ?) "
    "order by sent_at",
    [one, worst],
).df()
rates.head(12)

# %% [markdown]
# ## Do the figures add up?
# The letter says how many extra copies went out. Counting the sends themselves must give the same number.

# %%
counted = db.execute("select count(*) from incident_repeats where incident_id = ?", [worst]).fetchall()[0][0]
assert counted == people["excess"].sum() == incidents.loc[0, "excess"]
assert (people["sends"] - people["expected"] == people["excess"]).all()
print(f"{worst}: {len(people)} people, {counted:,} extra copies, counted twice by different ways.")
