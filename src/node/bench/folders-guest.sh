# What the folder benchmark does in the guest, in the mounted directory: each line BEGIN and END is a moment of the measurement.

forget() {
  sync
  echo 3 > /proc/sys/vm/drop_caches
}

begin() {
  forget
  echo "BEGIN $1"
}

for round in 1 2 3; do
  begin write
  dd if=/dev/zero of=big bs=1M count=64 2> /dev/null
  echo "END write"

  begin read
  dd if=big of=/dev/null bs=1M 2> /dev/null
  echo "END read"
  rm big

  mkdir many
  begin create
  number=0
  while [ $number -lt 1000 ]; do
    echo "This is file $number." > many/file$number
    number=$((number + 1))
  done
  echo "END create"

  begin list
  ls -lR . > /dev/null
  echo "END list"

  begin small
  cat many/* > /dev/null
  echo "END small"

  begin remove
  rm -r many
  echo "END remove"
done
echo BENCH-DONE
