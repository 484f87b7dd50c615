#!/usr/bin/env bash
# The whole trial of 2021 on embedded defaults: declared, paused, drawn, proved, followed, estimated, reported.
# Every line below is a command a user would type. Everything it makes lies in demo/; the report is demo/report.html.
# ARRIVALS, SEED and DEMO change the number of citizens, the chance and the folder.
set -euo pipefail
cd "$(dirname "$0")/.."
arrivals=${ARRIVALS:-20000} seed=${SEED:-2021} demo=${DEMO:-demo}
rm -rf "$demo" && mkdir -p "$demo"
export TRIAL_DB="sqlite:///$demo/trial.db" TRIAL_KEY_FILE="$demo/keys/trial.key"
export TRIAL_IDENTITY_KEY_FILE="$demo/keys/identity.key" TRIAL_SIGNING_KEY_FILE="$demo/keys/signing.key"
export TRIAL_CHECKPOINT_DIR="$demo/checkpoints"
run() { printf '\n\033[1m$ %s\033[0m\n' "$*" >&2; "$@"; }
quiet() { local out=$1; shift; printf '\n\033[1m$ %s > %s\033[0m\n' "$*" "$out" >&2; "$@" > "$out"; }

# Declare: the protocol is checked, keys are made, the trial is opened.
run trial protocol check digital-samtaler
mkdir "$demo/keys"
for purpose in trial identity signing; do
  run trial key new "$demo/keys/$purpose.key" --purpose "$purpose" --mode test --seed "$seed"
done
run trial init digital-samtaler --mode test --on 2021-01-01

# The infection pressure: the real files where they lie beside the checkout, a seeded series in the same format else.
infection=../shared/data/ssi
if [ ! -d "$infection" ]; then
  infection="$demo/infection"
  run trial infection synthesise "$infection" --seed "$seed" --from 2020-11-01 --to 2022-08-01
fi

# The year: citizens arrive day by day, municipalities pause, everybody else is drawn into an arm.
# The canary is the number of somebody born in 1858: lawful in form, nobody's, and to be found in the intake file only.
run trial simulate --arrivals "$arrivals" --seed "$seed" --data "$infection" --intake-dir "$demo/intake" \
  --conduct "$demo/conduct.parquet" --canary 010158-8123

# The proof.
quiet "$demo/status.json" trial status --json
quiet "$demo/verify.json" trial verify --json
run trial export "$demo/bundle"
run trial verify --bundle "$demo/bundle"

# The registers follow, with an effect that is known. Can it be learnt from them? The ledger was replayed just above.
run analysis registers synthesise "$demo/bundle" "$demo/registers" --seed "$seed" --doses "$demo/conduct.parquet"
quiet "$demo/identify.json" analysis identify "$demo/bundle" --registers "$demo/registers" --plan digital-samtaler \
  --no-replay --json

# What the protocol declares is estimated and reported.
run analysis estimate "$demo/bundle" "$demo/registers" --out "$demo/effects"
run analysis report "$demo/bundle" "$demo/registers" --out "$demo" --lang en
run analysis report "$demo/bundle" "$demo/registers" --out "$demo/da" --lang da

# The same estimators on a published study, to the printed digit.
quiet "$demo/reproduce.json" analysis reproduce nsw-dehejia-wahba --json

python scripts/demo_summary.py "$demo"
