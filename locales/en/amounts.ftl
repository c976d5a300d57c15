# Times and sizes.

day = { $day } { $month } { $year }
time-of-day = { $time } UTC
moment = { $day }, { $time }

month-january = January
month-february = February
month-march = March
month-april = April
month-may = May
month-june = June
month-july = July
month-august = August
month-september = September
month-october = October
month-november = November
month-december = December

decimal = { $whole }.{ $tenth }
size-bytes = { $number ->
    [one] { $number } byte
   *[other] { $number } bytes
}
size-kilobytes = { $number } kB
size-megabytes = { $number } MB
size-gigabytes = { $number } GB
size-terabytes = { $number } TB
