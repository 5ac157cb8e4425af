set -eu
echo "Hello $NAME" >"$RESULT_DIRECTORY/greeting.txt"
