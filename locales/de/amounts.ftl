# Zeiten und Größen.

day = { $day }. { $month } { $year }
time-of-day = { $time } Uhr UTC
moment = { $day }, { $time }

month-january = Januar
month-february = Februar
month-march = März
month-april = April
month-may = Mai
month-june = Juni
month-july = Juli
month-august = August
month-september = September
month-october = Oktober
month-november = November
month-december = Dezember

decimal = { $whole },{ $tenth }
size-bytes = { $number ->
    [one] { $number } Byte
   *[other] { $number } Bytes
}
size-kilobytes = { $number } kB
size-megabytes = { $number } MB
size-gigabytes = { $number } GB
size-terabytes = { $number } TB
