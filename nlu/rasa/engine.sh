#!/usr/bin/env bash
# The Rasa engine in an environment of its own, .rasa/ in the checkout: `make rasa` and `make rasa-test` call this.
#
#   engine.sh setup      find Python 3.10, make .rasa/venv from requirements.lock with its hashes
#   engine.sh validate   Rasa's own check of domain, pipeline and training messages
#   engine.sh train      train a model, unless there is one of exactly these files
#   engine.sh serve      all that is needed, then serve on 127.0.0.1, port 5005 or $RASA_PORT
#
# $RASA_PYTHON names the interpreter, where it is not found by itself. $RASA_TRAINING names a folder with messages of
# the shop's own, to be learnt beside the house's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD home=$PWD/.rasa project=nlu/rasa

export RASA_TELEMETRY_ENABLED=false # nothing leaves this machine
export RASA_MAX_CACHE_SIZE=0        # a gigabyte of half-made models that are never asked for again
export TF_CPP_MIN_LOG_LEVEL=2 SQLALCHEMY_SILENCE_UBER_WARNING=1 # what we cannot mend need not be read
data=("$root/nlu/training" "$root/$project/patterns.yml")
if [[ -n ${RASA_TRAINING:-} ]]; then
  data+=("$(realpath -- "$RASA_TRAINING")")
fi

usable() {
  "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != (3, 10))' 2>/dev/null
}

# Interpreters are asked by running them: a version manager's shim may lie on the path for a version that is off.
python_310() {
  local candidate
  for candidate in ${RASA_PYTHON:+"$RASA_PYTHON"} python3.10 python3 \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.10.*/bin/python; do
    if usable "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  cat >&2 <<'END'
make rasa: no Python 3.10 with venv found; Rasa 3.6 runs on no newer one. Install it beside the others, for example
with pyenv (pyenv install 3.10) or from your system's packages (python3.10 and python3.10-venv), or name one:
  RASA_PYTHON=/path/to/python3.10 make rasa
Without Rasa the embedded engine does the same work.
END
  return 1
}

setup() {
  local lock python
  lock=$(sha256sum <"$project/requirements.lock")
  if [[ -f $home/installed && $(<"$home/installed") == "$lock" ]] && usable "$home/venv/bin/python"; then
    return
  fi
  if [[ $(uname -sm) != 'Linux x86_64' ]]; then
    echo "make rasa: requirements.lock was made for Linux on x86-64, this is $(uname -sm). It may not install." >&2
  fi
  python=$(python_310)
  rm -rf "$home/venv" "$home/installed"
  mkdir -p "$home"
  "$python" -m venv "$home/venv"
  echo 'Installing Rasa into .rasa/ (2.7 GB, minutes; once, and again when its lock changes) …'
  "$home/venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes \
    -r "$project/requirements.lock"
  echo "$lock" >"$home/installed"
}

# The name of a model: it changes with every byte that a model is made of, and not with the folder's name.
fingerprint() {
  find "${data[@]}" "$project" -type f \( -name '*.yml' -o -name '*.lock' \) -print0 |
    LC_ALL=C sort -zu | xargs -0 sha256sum | cut -c1-64 | sha256sum | cut -c1-16
}

rasa() {
  (cd "$home" && exec "$home/venv/bin/rasa" "$@")
}

# Rasa warns of each intent that no story uses; the dialogs are ours. Messages and domain that do not fit together
# it only warns of too: that fails here. What else it says is shown.
validate() {
  local said
  said=$(rasa data validate --domain "$root/$project/domain.yml" --config "$root/$project/config.yml" \
    --data "${data[@]}" 2>&1) || { echo "$said" >&2; return 1; }
  said=$(grep -o 'UserWarning: .*' <<<"$said" | grep -v 'is not used in any story or rule' || true)
  if [[ -n $said ]]; then
    echo "${said//"$root/"/}" >&2
  fi
  if grep -q 'domain' <<<"$said"; then
    return 1
  fi
  echo 'Rasa can learn from domain, pipeline and training messages.'
}

train() {
  local name log
  name=$(fingerprint) log=$home/training.log
  model=$home/models/$name.tar.gz
  if [[ -f $model ]]; then
    return
  fi
  echo 'Training the Rasa model (minutes; once, and again when the training messages change) …'
  rm -rf "$home/training"
  # Its check of the stories would take a third of the time; `validate` is for that.
  if ! rasa train --skip-validation --domain "$root/$project/domain.yml" --config "$root/$project/config.yml" \
    --data "${data[@]}" --out "$home/training" --fixed-model-name "$name" >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    return 1
  fi
  rm -rf "$home/models" # the models of other messages
  mv "$home/training" "$home/models"
}

# $model is what train found or made, even if somebody has changed a message meanwhile.
serve() {
  echo "The Rasa engine: http://127.0.0.1:${RASA_PORT:-5005} — start the bot with RASA_URL set to this."
  cd "$home"
  exec "$home/venv/bin/rasa" run --enable-api -i 127.0.0.1 -p "${RASA_PORT:-5005}" --model "$model"
}

main() {
  case ${1:-} in
    setup) setup ;;
    validate) setup; validate ;;
    train) setup; train ;;
    serve) setup; train; serve ;;
    *)
      echo "usage: $0 setup|validate|train|serve" >&2
      return 2
      ;;
  esac
}

main "$@"
exit # bash reads on where it was: training takes minutes, and this file may have changed meanwhile
