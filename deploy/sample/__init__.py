"""A fictitious province whose sums are the plan's own: thirteen partners' records of people who do not exist.

Until 2020-12 the records add up to the figures of the plan's §1.1 (`expected.py`); then the fiction goes on. Values at
the end of December at full scale, as `expected().indicators(year)` computes them and a test recounts them:

    number  what                                     2020            2023            2025   target 2025
    1       professionals                         124,000         151,400         170,800   170,000      reached
    2       per 1,000 residents                      1.48            1.81            2.04   2            reached
    3       certified                              28,000          41,800          52,500   50,000       reached
    3a/b/c  assistant/intermediate/senior  22,000/5,993/7  33,400/8,373/27  42,100/10,352/48
    4       intermediate or above                   6,000           8,400          10,400   10,000       reached
    5       high-level talents                          0              34              64   100          missed
    5a      leading, national                           3               3               3
    6       practice supervisors                        0           1,450           3,100   4,250        missed
    7       professionals per urban community        1.50            1.81            2.01   2            reached
    8       professionals per rural community        0.71            0.87            0.97   1            missed
    9       practitioners certified, %              18.67           25.07           29.42   30           missed
    10      training and practice bases                 0              58              96   100          missed
    11      graduates of the year                     1,600           1,640           1,720   1,600        reached
    12      credit hours of a registered person                     17.02           17.31   25           missed
    13      credit hours of training, 10,000                          0.90            1.00   1            reached
    15      posts of the year                       1,600           1,310           1,050   1,000        reached
    15n     posts open                              8,000          11,586          13,800
    16      private agencies since 2021                 0             460             715   1,000        missed
    17      agencies with party cover, %                60.00           81.95           88.58   100          missed
    18      stations and rooms (by gRPC)                0             340             600   10,000       missed
    19      townships served (by gRPC)              0/3,101     1,154/3,101     1,912/3,101   all          missed
    S12     of these with 25 credit hours, %                        46.43           47.22
    S17     newly recognised in the year                           11,000          11,400   10,000       reached
    S19     institutions with a professional      808/971         880/971         928/971

Records come in any order, some twice, some corrected by a later revision; `Province.records` says how.
"""
