#!/usr/bin/env bash
# Bring a Java for Apache Spark where it is missing. Without root the machine's own package is asked for, in words.
set -euo pipefail
java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
major() { "$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p'; }
if command -v "$java" >/dev/null && [ "$(major)" -ge 17 ]; then exit 0; fi
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless >/dev/null \
    || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends default-jre-headless >/dev/null
else
  echo "Apache Spark needs Java 17 or later, and there is none. Mend: install openjdk-17-jre-headless, or set JAVA_HOME." >&2
  exit 1
fi
